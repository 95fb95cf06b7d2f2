// What a transaction does to an account's numbers: version, usage, quota. The same for every engine.
import { Refused } from './errors.ts'
import type { WriteSet } from './write-set.ts'

export interface Numbers {
  readonly version: number
  readonly usageBytes: number
  readonly quotaBytes: number | undefined
}

/** The numbers after `writes`. Throws Refused 'over-quota' when usage rises above the quota. */
export function nextNumbers(before: Numbers, writes: WriteSet): Numbers {
  const quotaBytes = writes.quota ? writes.quota.bytes : before.quotaBytes
  const usageBytes = Math.max(0, before.usageBytes + writes.usageDelta)
  if (writes.usageDelta > 0 && quotaBytes !== undefined && usageBytes > quotaBytes) {
    throw new Refused('over-quota', `usage would be ${usageBytes} bytes of ${quotaBytes}`)
  }
  return { version: before.version + (writes.raisesVersion ? 1 : 0), usageBytes, quotaBytes }
}
