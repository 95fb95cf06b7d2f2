// Headers of every answer: what a browser may load, remember and tell others.

/** Nothing inline, nothing from elsewhere; data: is for QR codes. */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** `isSecure`: the browser came over TLS, and shall never come without again. */
export function setSecurityHeaders(headers: Headers, isSecure: boolean): void {
  headers.set('Content-Security-Policy', policy)
  headers.set('Referrer-Policy', 'same-origin')
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
  headers.set('X-Content-Type-Options', 'nosniff')
  headers.set('X-Frame-Options', 'DENY')
  headers.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
  if (isSecure) headers.set('Strict-Transport-Security', 'max-age=31536000')
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
}

/** A file name for Content-Disposition (RFC 6266 §4.3): nothing that could end the parameter. */
export function attachment(name: string): string {
  return `attachment; filename="${name.replace(/[^\w.@+-]/g, '_')}"`
}
