// Lint rules: type-aware strictness, and the layers of the source tree (imports run downward only).
import tseslint from 'typescript-eslint'

const floors = [
  ['base'],
  ['config', 'crypto', 'mail', 'sasl', 'store'],
  ['pubkey'],
  ['account'],
  ['transfer', 'backup', 'audit'],
  ['admin', 'delivery', 'imap', 'submission', 'web'],
  ['server'],
]

// Modules with one owner: everybody else asks the owner.
const owners = {
  'node:crypto': 'crypto',
  'libsodium-wrappers': 'crypto',
  argon2: 'crypto',
  '@mongodb-js/saslprep': 'crypto',
  level: 'store',
  'classic-level': 'store',
  'node:tls': 'server',
  'smtp-server': 'delivery',
  pino: 'server',
  nodemailer: 'server',
  hono: 'web',
  qrcode: 'web',
  tar: 'transfer',
  yauzl: 'transfer',
  yazl: 'transfer',
  openpgp: 'pubkey',
  pkijs: 'pubkey',
  asn1js: 'pubkey',
}

function layerRules() {
  return floors.flatMap((rooms, floor) =>
    rooms.map((room) => {
      const forbidden = floors
        .slice(floor)
        .flat()
        .filter((other) => other !== room)
      const paths = Object.entries(owners)
        .filter(([, owner]) => owner !== room)
        .map(([name, owner]) => ({ name, message: `only src/${owner} imports ${name}` }))
      return {
        files: [`src/${room}/**/*.{ts,tsx}`],
        rules: {
          'no-restricted-imports': [
            'error',
            {
              paths,
              patterns: forbidden.length
                ? [
                    {
                      group: forbidden.map((other) => `**/../${other}/**`),
                      message: `src/${room} imports only lower floors`,
                    },
                  ]
                : [],
            },
          ],
        },
      }
    }),
  )
}

export default tseslint.config(
  { ignores: ['**/dist*/**', '**/node_modules/**', '**/*.js', '**/*.mjs'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: new URL('../../tsconfig.json', import.meta.url).pathname } },
    rules: {
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'test', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'no default exports' },
        { selector: 'TSEnumDeclaration', message: 'no enums' },
      ],
      'no-console': 'error',
    },
  },
  ...layerRules(),
)
