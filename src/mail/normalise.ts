// The stored form of a message: every line ends in CRLF.

export function normaliseLineEnds(message: Uint8Array): Buffer {
  throw new Error(String(message.length))
}

/** The same, chunk by chunk; a CR at the end of a chunk is held until the next one. */
export async function* normaliseStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield chunk
}
