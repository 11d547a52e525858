/**
 * What a benchmark measures: a number, beside what it cannot be better than and what the original tool's way takes.
 */
import { ParseResult, Schema } from "effect"

/** Of all units but rows a second, less is better. */
const Unit = Schema.Literal("ms", "s", "MB", "rows/s", "requests", "changes")
export type Unit = typeof Unit.Type

const isMoreBetter = (unit: Unit): boolean => unit === "rows/s" || unit === "changes"

/** Within bounds that no quotient of two values leaves what a number can hold. */
const Measured = Schema.Number.pipe(Schema.between(1e-9, 1e15))
const Beside = Schema.Struct({ what: Schema.NonEmptyString, value: Measured })

/** Something else that was measured in the same run, and what it is. */
export type Beside = typeof Beside.Type

/**
 * A measured figure. `limit` is what bare Node or the bare parts take on this machine, `original` what the original tool's
 * way of doing the same takes, both in the same unit and measured in the same run.
 */
export class Figure extends Schema.Class<Figure>("Figure")({
  name: Schema.NonEmptyString,
  unit: Unit,
  value: Measured,
  limit: Schema.optionalWith(Beside, { exact: true }),
  original: Schema.optionalWith(Beside, { exact: true })
}) {}

/** `limit`: how many times worse the figure is than its limit. `original`: how many times worse the original's way is. */
const Ratios = Schema.Struct({
  limit: Schema.optionalWith(Schema.Positive, { exact: true }),
  original: Schema.optionalWith(Schema.Positive, { exact: true })
})

/** How many times worse the first value is than the second one. */
const timesWorse = (unit: Unit, value: number, than: number): number =>
  isMoreBetter(unit) ? than / value : value / than

export const ratiosOf = ({ limit, original, unit, value }: Figure): typeof Ratios.Type => ({
  ...(limit === undefined ? {} : { limit: timesWorse(unit, value, limit.value) }),
  ...(original === undefined ? {} : { original: timesWorse(unit, original.value, value) })
})

const FigureInFile = Schema.Struct({ ...Figure.fields, ratios: Ratios })

/** A figure as files hold it: with its ratios, which must be those of its values. */
export const FigureWithRatios = Schema.transformOrFail(FigureInFile, Schema.typeSchema(Figure), {
  strict: true,
  decode: ({ ratios, ...fields }, _, ast) => {
    const figure = new Figure(fields)
    const { limit, original } = ratiosOf(figure)
    return limit === ratios.limit && original === ratios.original
      ? ParseResult.succeed(figure)
      : ParseResult.fail(
          new ParseResult.Type(ast, ratios, `The ratios of "${figure.name}" are not those of its values`)
        )
  },
  encode: (figure) => ParseResult.succeed({ ...figure, ratios: ratiosOf(figure) })
})
