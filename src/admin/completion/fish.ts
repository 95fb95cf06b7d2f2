// Completion for fish: one line for each word and option, and a function that knows where the cursor is.
import { valueOptions, type Place } from './tree.ts'

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

export function fishScript(places: readonly Place[]): string {
  const { files, others } = valueOptions(places)
  const chains = places.map(({ chain }) => chain).filter((chain) => chain !== '')
  const lines = places.flatMap(({ chain, words, options, wantsAddress, wantsFile }) => {
    const here = `complete -c letterlock -n ${quoted(`__letterlock_at ${quoted(chain)}`)}`
    const first = `complete -c letterlock -n ${quoted(`__letterlock_at ${quoted(chain)} 0`)}`
    return [
      ...words.map(({ word, explanation }) => `${here} -a ${quoted(word)} -d ${quoted(explanation)}`),
      ...options.map(({ word, explanation, value }) => {
        const takes = value === 'none' ? '' : value === 'file' ? ' -r -F' : ' -x'
        return `${here} -l ${quoted(word.slice(2))}${takes} -d ${quoted(explanation)}`
      }),
      ...(wantsAddress ? [`${first} -a '(__letterlock_addresses)'`] : []),
      ...(wantsFile ? [`${here} -F`] : []),
    ]
  })
  return `# fish completion for letterlock. To load it: letterlock completion fish | source
# The words of the command that were typed, and what came between them.
function __letterlock_at
    set -l chain
    set -l given 0
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case ${[...files, ...others].map(quoted).join(' ')}
                set -e words[1]
            case '-*'
            case '*'
                set -l longer (string join ' ' -- $chain $words[1])
                if contains -- $longer ${chains.map(quoted).join(' ')}
                    set chain $longer
                else
                    set given (math $given + 1)
                end
        end
        set -q words[1]; and set -e words[1]
    end
    test "$chain" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test $given -eq $argv[2]
end
function __letterlock_addresses
    set -l where
    set -l words (commandline -opc)
    for at in (seq (count $words))
        contains -- $words[$at] --config --data; and set -a where $words[$at] $words[(math $at + 1)]
    end
    $words[1] $where completion addresses 2>/dev/null
end
complete -c letterlock -e
complete -c letterlock -f
${lines.join('\n')}
`
}
