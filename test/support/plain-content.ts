// What is known of a message as a plain object, for tests that change some of it.
import type { MessageContent } from '../../src/account/api.ts'

/** All of it, made ready: a content may make its parts only when they are asked for. */
export function plainContent(content: MessageContent): MessageContent {
  const { uid, emailId, sizeBytes, envelope, body, bodyStructure, tree, header } = content
  const read = (start: number, end: number): AsyncIterable<Buffer> => content.read(start, end)
  return { uid, emailId, sizeBytes, envelope, body, bodyStructure, tree, header, read }
}
