// From checked settings to what the program is given: frozen, names in camelCase.

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name

/** The same, frozen all the way down, under names in camelCase. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Key extends string ? Camel<Key> : never]: Frozen<T[Key]> }
    : T

/** Turns checked settings into that. */
export function freeze<T>(value: T): Frozen<T> {
  if (Array.isArray(value)) return Object.freeze(value.map((item: unknown) => freeze(item))) as Frozen<T>
  if (typeof value !== 'object' || value === null) return value as Frozen<T>
  const pairs = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    freeze(item),
  ])
  return Object.freeze(Object.fromEntries(pairs)) as Frozen<T>
}
