// Small drawings beside words; never without the words.
import type { FC } from 'hono/jsx'

const paths = {
  locked:
    'M7 10V7a5 5 0 0 1 10 0v3M5.5 10h13a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19.5v-8A1.5 1.5 0 0 1 5.5 10zM12 14.5v3',
  open: 'M7 10V7a5 5 0 0 1 9.7-1.7M5.5 10h13a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19.5v-8A1.5 1.5 0 0 1 5.5 10zM12 14.5v3',
  good: 'M12 21.5a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19zM7.8 12.3l2.9 2.9 5.5-6',
  warning: 'M12 3.5 22 20.5H2zM12 10v4.5M12 17.4v.1',
  working: 'M12 2.5a9.5 9.5 0 1 0 9.5 9.5M12 7v5.3l3.5 2',
  key: 'M14.5 13.5a5 5 0 1 0-4-4L3 17v4h4v-2.5h2.5V16H12zM16.5 7.5v.1',
  info: 'M12 21.5a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19zM12 11v5.5M12 7.5v.1',
} as const

export type IconName = keyof typeof paths

export const Icon: FC<{ readonly name: IconName }> = ({ name }) => (
  <svg
    class="icon"
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
  </svg>
)
