// Pieces that several pages are made of.
import type { Child, FC, PropsWithChildren } from 'hono/jsx'
import { Icon, type IconName } from './icon.tsx'

export const Notice: FC<
  PropsWithChildren<{ readonly tone: 'good' | 'bad' | 'plain' | 'warning'; readonly icon?: IconName }>
> = ({ tone, icon, children }) => (
  <div class={`notice ${tone}`}>
    <Icon name={icon ?? (tone === 'good' ? 'good' : tone === 'plain' ? 'info' : 'warning')} />
    <div>{children}</div>
  </div>
)

export const Card: FC<PropsWithChildren<{ readonly title: string; readonly id?: string }>> = ({
  title,
  id,
  children,
}) => (
  <section class="card" {...(id === undefined ? {} : { id })}>
    <h2>{title}</h2>
    {children}
  </section>
)

export const Facts: FC<{ readonly pairs: readonly (readonly [name: string, value: Child])[] }> = ({
  pairs,
}) => (
  <dl class="facts">
    {pairs.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)

/** A bar with its number in words beside it; `label` names it to screen readers. */
export const Bar: FC<{
  readonly label: string
  readonly words: string
  readonly value: number
  readonly max: number
  readonly id?: string
}> = ({ label, words, value, max, id }) => (
  <div class="bar" {...(id === undefined ? {} : { id })}>
    <progress aria-label={label} value={String(Math.min(value, max))} max={String(Math.max(max, 1))}>
      {words}
    </progress>
    <p class="bar-words">{words}</p>
  </div>
)

/** Lines that a person reads one by one. */
export const Lines: FC<{ readonly lines: readonly string[] }> = ({ lines }) => (
  <ul class="lines">
    {lines.map((line) => (
      <li>{line}</li>
    ))}
  </ul>
)
