// COMPRESS, RFC 4978 §3. The connection begins to deflate once the answer is on its way.
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'

export const compress: Command = command({
  name: 'COMPRESS',
  // After login only: no stranger can make this server inflate, and no password is ever in a window.
  states: ['authenticated', 'selected'],
  takesInput: true,

  // compress = "COMPRESS" SP algorithm; algorithm = "DEFLATE"
  parse(input) {
    input.space()
    return input.keyword('DEFLATE')
  },

  async run({ link }) {
    if (link.isCompressed) throw new Answer('NO', 'DEFLATE is active already', 'COMPRESSIONACTIVE')
    return { text: 'DEFLATE active', then: 'compress' }
  },
})
