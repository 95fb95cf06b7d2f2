// Forms and their fields: labelled, with hints and problems that screen readers find.
import type { Child, FC, PropsWithChildren } from 'hono/jsx'
import type { Problem, Visit } from '../page.ts'
import { Icon } from './icon.tsx'

export const Token: FC<{ readonly visit: Visit; readonly action: string }> = ({ visit, action }) => (
  <input type="hidden" name="token" value={visit.makeToken(action)} />
)

/** What was wrong, at the top, where it is read first. */
export const Problems: FC<{ readonly visit: Visit; readonly problems: readonly Problem[] }> = ({
  visit,
  problems,
}) =>
  problems.length === 0 ? null : (
    <div class="notice bad" role="alert" tabindex={-1} autofocus>
      <Icon name="warning" />
      <div>
        <strong>{visit.t('form.problems')}</strong>
        <ul>
          {problems.map(({ field, text }) => (
            <li>{field === undefined ? text : <a href={`#${field}`}>{text}</a>}</li>
          ))}
        </ul>
      </div>
    </div>
  )

interface FormProps {
  readonly visit: Visit
  readonly action: string
  readonly submit: string
  readonly tone?: 'danger' | 'quiet'
  readonly isUpload?: boolean
  /** Which of several forms of a page this is. */
  readonly what?: string
  /** Says more than `submit` to screen readers, where several buttons read the same. */
  readonly label?: string
}

export const Form: FC<PropsWithChildren<FormProps>> = ({
  visit,
  action,
  submit,
  tone,
  isUpload,
  what,
  label,
  children,
}) => (
  <form
    method="post"
    action={action}
    {...(isUpload ? { enctype: 'multipart/form-data' } : {})}
    class={tone === 'quiet' ? 'inline' : 'stack'}
  >
    <Token visit={visit} action={action} />
    {what === undefined ? null : <input type="hidden" name="what" value={what} />}
    {children}
    <button type="submit" class={tone ?? 'main'} {...(label === undefined ? {} : { 'aria-label': label })}>
      {submit}
    </button>
  </form>
)

/** Some browsers send what they check to their maker. */
const noSpelling: object = { spellcheck: 'false' }

interface FieldProps {
  readonly name: string
  /** Where two forms of a page have fields of one name. */
  readonly id?: string
  readonly label: string
  readonly hint?: string
  readonly problems?: readonly Problem[]
  readonly type?: 'text' | 'email' | 'password' | 'date' | 'file'
  readonly autocomplete?: string
  readonly value?: string
  readonly maxlength?: number
  readonly isOptional?: boolean
  readonly rows?: number
  readonly accept?: string
  readonly isMultiple?: boolean
  readonly isCode?: boolean
}

export const Field: FC<FieldProps> = (given) => {
  const {
    name,
    label,
    hint,
    type = 'text',
    autocomplete = 'off',
    value,
    maxlength,
    isOptional,
    rows,
    accept,
    isMultiple,
    isCode,
  } = given
  const id = given.id ?? name
  const problem = given.problems?.find(({ field }) => field === name)
  const described = [hint === undefined ? [] : `${id}-hint`, problem ? `${id}-problem` : []].flat().join(' ')
  const shared = {
    id,
    name,
    ...(described === '' ? {} : { 'aria-describedby': described }),
    ...(problem ? { 'aria-invalid': 'true' as const } : {}),
    ...(isOptional ? {} : { required: true }),
    ...(maxlength === undefined ? {} : { maxlength }),
    ...(isCode ? { autocapitalize: 'characters' as const, class: 'code-input', ...noSpelling } : {}),
  }
  return (
    <div class={problem ? 'field wrong' : 'field'}>
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem ? (
        <p class="problem" id={`${id}-problem`}>
          {problem.text}
        </p>
      ) : null}
      {rows === undefined ? (
        <input
          {...shared}
          type={type}
          autocomplete={autocomplete}
          {...(value === undefined ? {} : { value })}
          {...(accept === undefined ? {} : { accept })}
          {...(isMultiple ? { multiple: true } : {})}
        />
      ) : (
        <textarea {...shared} rows={rows} autocomplete={autocomplete}>
          {value ?? ''}
        </textarea>
      )}
    </div>
  )
}

interface KnownFieldProps {
  readonly visit: Visit
  readonly problems: readonly Problem[]
}

/** Whose account it is, where nobody has signed in. */
export const AddressField: FC<KnownFieldProps & { readonly value: string }> = ({
  visit,
  problems,
  value,
}) => (
  <Field
    name="address"
    label={visit.t('signIn.address')}
    type="email"
    autocomplete="username"
    value={value}
    maxlength={320}
    problems={problems}
  />
)

/** A whole recovery code, or the text file that it was saved in. */
export const RecoveryCodeField: FC<
  KnownFieldProps & { readonly label?: string; readonly isOptional?: boolean }
> = ({ visit, problems, label, isOptional = false }) => (
  <Field
    name="code"
    label={label ?? visit.t('recover.code')}
    hint={visit.t('recover.codeHint')}
    rows={3}
    isCode
    isOptional={isOptional}
    problems={problems}
  />
)

/** The account's present password; with its address, so that password managers know which. */
export const CurrentPassword: FC<{
  readonly visit: Visit
  readonly problems?: readonly Problem[]
  readonly id?: string
  readonly hint?: string
}> = ({ visit, problems, id, hint }) => (
  <>
    <input
      type="text"
      name="username"
      value={visit.session?.address ?? ''}
      autocomplete="username"
      hidden
      aria-hidden="true"
      tabindex={-1}
      readonly
    />
    <Field
      name="password"
      {...(id === undefined ? {} : { id })}
      {...(hint === undefined ? {} : { hint })}
      label={visit.t('form.currentPassword')}
      type="password"
      autocomplete="current-password"
      {...(problems ? { problems } : {})}
    />
  </>
)

export const NewPassword: FC<{ readonly visit: Visit; readonly problems?: readonly Problem[] }> = ({
  visit,
  problems = [],
}) => (
  <>
    <Field
      name="newPassword"
      label={visit.t('form.newPassword')}
      hint={visit.t('form.newPasswordHint')}
      type="password"
      autocomplete="new-password"
      problems={problems}
    />
    <Field
      name="repeat"
      label={visit.t('form.repeat')}
      type="password"
      autocomplete="new-password"
      problems={problems}
    />
  </>
)

/** One of a few. */
export const Choice: FC<{
  readonly name: string
  readonly legend: string
  readonly options: readonly (readonly [value: string, label: string])[]
  readonly chosen: string
}> = ({ name, legend, options, chosen }) => (
  <fieldset>
    <legend>{legend}</legend>
    {options.map(([value, label]) => (
      <div class="field tick">
        <input type="radio" id={`${name}-${value}`} name={name} value={value} checked={value === chosen} />
        <label for={`${name}-${value}`}>{label}</label>
      </div>
    ))}
  </fieldset>
)

export const Tick: FC<{
  readonly name: string
  readonly label: Child
  readonly isTicked?: boolean
  readonly problems?: readonly Problem[]
  readonly isOptional?: boolean
}> = ({ name, label, isTicked, problems, isOptional }) => {
  const problem = problems?.find(({ field }) => field === name)
  return (
    <div class={problem ? 'field tick wrong' : 'field tick'}>
      {problem ? (
        <p class="problem" id={`${name}-problem`}>
          {problem.text}
        </p>
      ) : null}
      <input
        type="checkbox"
        id={name}
        name={name}
        value="yes"
        checked={isTicked === true}
        {...(isOptional ? {} : { required: true })}
        {...(problem ? { 'aria-invalid': 'true', 'aria-describedby': `${name}-problem` } : {})}
      />
      <label for={name}>{label}</label>
    </div>
  )
}
