// Completion for bash: one function that knows the whole tree.
import { valueOptions, type Place } from './tree.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Nothing of what it completes is run by the shell: addresses are compared and quoted, never expanded. */
export function bashScript(places: readonly Place[]): string {
  const { files, others } = valueOptions(places)
  const chains = places.map(({ chain }) => chain).filter((chain) => chain !== '')
  const cases = places.map(({ chain, words, options, wantsAddress, wantsFile }) => {
    const lines = [
      `    ${quoted(chain)})`,
      `      words=${quoted(words.map(({ word }) => word).join(' '))}`,
      `      options=${quoted(options.map(({ word }) => word).join(' '))}`,
      ...(wantsAddress ? ['      address=1'] : []),
      ...(wantsFile ? ['      file=1'] : []),
      '      ;;',
    ]
    return lines.join('\n')
  })
  return `# bash completion for letterlock. To load it: source <(letterlock completion bash)
_letterlock() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local chain='' words='' options='' address='' file='' word one given=0 at
  local -a where=()
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at += 1)); do
    word=\${COMP_WORDS[at]}
    case $word in
      --config | --data)
        where+=("$word" "\${COMP_WORDS[at+1]}")
        ((at += 1))
        ;;
      ${[...files, ...others].filter((one) => one !== '--config' && one !== '--data').join(' | ')}) ((at += 1)) ;;
      -*) ;;
      *)
        case "\${chain:+$chain }$word" in
          ${chains.map(quoted).join(' | ')}) chain="\${chain:+$chain }$word" ;;
          *) ((given += 1)) ;;
        esac
        ;;
    esac
  done
  case $previous in
    ${files.join(' | ')})
      compopt -o default
      return
      ;;
    ${others.join(' | ')}) return ;;
  esac
  case $chain in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ -n $address && $given == 0 ]]; then
    while IFS= read -r one; do
      [[ $one == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$one")")
    done < <("\${COMP_WORDS[0]}" "\${where[@]}" completion addresses 2>/dev/null)
  elif [[ -n $file ]]; then
    compopt -o default
  fi
}
complete -F _letterlock letterlock
`
}
