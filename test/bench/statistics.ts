// Figures to one number, and numbers to short text.

/** The arithmetic mean; NaN for an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed; NaN for an empty list. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
  return (lower + upper) / 2
}

/** Three significant digits with thousands separated by commas: 36,800, 4.12, 0.0028. */
export function figureText(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1
  if (digits > 3) {
    const unit = 10 ** (digits - 3)
    return (Math.round(value / unit) * unit).toLocaleString('en-US')
  }
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** How many times better `ours` is than `theirs`: above 1 is better, whichever way the unit counts. */
export function advantage(theirs: number, ours: number, better: 'more' | 'less'): number {
  return better === 'more' ? ours / theirs : theirs / ours
}

/** An advantage as text: ×12, ×1.4, ×0.83; a dash when a figure is missing or too small to divide by. */
export function advantageText(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return '×' + (value >= 10 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2))
}
