// Arithmetic in GF(32), x^5 + x^2 + 1, and the two-check Reed-Solomon code of recovery codes (FORMAT.md §6).

const order = 31
const powers: number[] = []
const logarithms: number[] = []
for (let exponent = 0, value = 1; exponent < order; exponent++) {
  powers[exponent] = value
  logarithms[value] = exponent
  value <<= 1
  if (value & 32) value ^= 0b100101
}

/** α to the power of `exponent`, which may be negative. */
function power(exponent: number): number {
  return powers[((exponent % order) + order) % order] ?? 0
}

function log(value: number): number {
  return logarithms[value] ?? 0
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : power(log(a) + log(b))
}

/** Value at x of the polynomial whose first symbol is the highest coefficient. */
function evaluate(symbols: ArrayLike<number>, x: number): number {
  let sum = 0
  for (let index = 0; index < symbols.length; index++) sum = multiply(sum, x) ^ (symbols[index] ?? 0)
  return sum
}

const alpha = power(1)
const alphaSquared = power(2)

/** The two symbols that make `symbols` divisible by (x - α)(x - α²). */
export function checkSymbols(symbols: ArrayLike<number>): readonly [number, number] {
  // The remainder r1 x + r0 has the same values at both roots as symbols · x²: two equations.
  const atAlpha = multiply(evaluate(symbols, alpha), alphaSquared)
  const atSquare = multiply(evaluate(symbols, alphaSquared), power(4))
  const first = multiply(atAlpha ^ atSquare, power(-log(alpha ^ alphaSquared)))
  return [first, atAlpha ^ multiply(first, alpha)]
}

/** `true` for a code word; where one symbol differs from the nearest one and what it should be; else `false`. */
export function checkWord(
  word: ArrayLike<number>,
): true | false | { readonly index: number; readonly symbol: number } {
  const first = evaluate(word, alpha)
  const second = evaluate(word, alphaSquared)
  if (first === 0 && second === 0) return true
  if (first === 0 || second === 0) return false
  // One error e at x^p gives e·α^p and e·α^2p.
  const exponent = (log(second) - log(first) + order) % order
  if (exponent >= word.length) return false
  const index = word.length - 1 - exponent
  const error = multiply(first, power(-exponent))
  return { index, symbol: (word[index] ?? 0) ^ error }
}
