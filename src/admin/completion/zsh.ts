// Completion for zsh: one function, to be loaded from fpath or sourced.
import { valueOptions, type Choice, type Place } from './tree.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** As _describe takes them: \`word:explanation\`. */
const described = (choices: readonly Choice[]): string =>
  choices.map(({ word, explanation }) => quoted(`${word.replaceAll(':', '\\:')}:${explanation}`)).join(' ')

export function zshScript(places: readonly Place[]): string {
  const { files, others } = valueOptions(places)
  const chains = places.map(({ chain }) => chain).filter((chain) => chain !== '')
  const cases = places.map(({ chain, words, options, wantsAddress, wantsFile }) => {
    const lines = [
      `    (${quoted(chain)})`,
      `      found=(${described(words)})`,
      `      flags=(${described(options)})`,
      ...(wantsAddress ? ['      address=1'] : []),
      ...(wantsFile ? ['      file=1'] : []),
      '      ;;',
    ]
    return lines.join('\n')
  })
  return `#compdef letterlock
# zsh completion for letterlock. To load it: source <(letterlock completion zsh)
_letterlock() {
  local chain='' word address='' file=''
  local -a found flags where
  integer at given=0
  for ((at = 2; at < CURRENT; at += 1)); do
    word=$words[at]
    case $word in
      (--config|--data)
        where+=("$word" "$words[at+1]")
        ((at += 1))
        ;;
      (${[...files, ...others].filter((one) => one !== '--config' && one !== '--data').join('|')}) ((at += 1)) ;;
      (-*) ;;
      (*)
        case "\${chain:+$chain }$word" in
          (${chains.map(quoted).join('|')}) chain="\${chain:+$chain }$word" ;;
          (*) ((given += 1)) ;;
        esac
        ;;
    esac
  done
  case $words[CURRENT-1] in
    (${files.join('|')})
      _files
      return
      ;;
    (${others.join('|')}) return ;;
  esac
  case $chain in
${cases.join('\n')}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o 'option' flags
  elif ((\${#found})); then
    _describe 'command' found
  elif [[ -n $address && $given == 0 ]]; then
    compadd -- \${(f)"$(\${(Q)words[1]} $where completion addresses 2>/dev/null)"}
  elif [[ -n $file ]]; then
    _files
  fi
}
if [[ $funcstack[1] == _letterlock ]]; then
  _letterlock "$@"
else
  compdef _letterlock letterlock
fi
`
}
