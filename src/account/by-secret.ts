// Whose doing an operation is, by the secret that was given for it: for the trail and the audit log.
import type { OwnerSecret, TrailBy } from './api-lifecycle.ts'

export const bySecret = ({ kind }: OwnerSecret): TrailBy =>
  kind === 'admin' ? 'admin-key' : kind === 'site' ? 'admin' : 'owner'
