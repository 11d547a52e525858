/**
 * Pictures with the numbers behind them, tables, and lists of facts.
 *
 * @since 0.1.0
 */
import { type Html, html, none, type Part } from "./Html.ts"

/**
 * A column of a table. Those of numbers are aligned to the right; `isSpare` ones are left out on a narrow screen.
 *
 * @since 0.1.0
 * @category models
 */
export interface TableColumn {
  readonly name: string
  readonly isNumber?: boolean
  readonly isSpare?: boolean
}

const classOf = ({ isNumber, isSpare }: TableColumn): string =>
  [isNumber === true ? "n" : "", isSpare === true ? "spare" : ""].join(" ").trim()

/**
 * A table. The first cell of each row is its heading. It scrolls where there is no room, with keys too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const table = (
  label: string,
  columns: ReadonlyArray<TableColumn>,
  rows: ReadonlyArray<ReadonlyArray<Part>>
): Html =>
  html`<div class="scroll" role="group" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => {
                const name = classOf(columns[i] ?? { name: "" })
                return i === 0
                  ? html`<th scope="row" class="${name}">${cell}</th>`
                  : html`<td class="${name}">${cell}</td>`
              })}
            </tr> `
        )}
      </tbody>
    </table>
  </div>`

/**
 * A picture, with a title that says what it shows, what it is, and the numbers behind it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const figure = ({
  columns,
  explanation,
  picture,
  rows,
  title
}: {
  readonly title: string
  readonly explanation: Part
  readonly picture: Html
  readonly columns: ReadonlyArray<TableColumn>
  readonly rows: ReadonlyArray<ReadonlyArray<Part>>
}): Html =>
  html`<figure>
    <figcaption>
      <h3>${title}</h3>
      <p>${explanation}</p>
    </figcaption>
    ${picture}
    <details>
      <summary>The numbers behind this picture</summary>
      ${table(`Numbers: ${title}`, columns, rows)}
    </details>
  </figure> `

/**
 * A table that needs no picture.
 *
 * @since 0.1.0
 * @category constructors
 */
export const card = (title: string, explanation: Part, content: Part): Html =>
  html`<div class="card">
    <h3>${title}</h3>
    ${explanation === "" ? none : html`<p>${explanation}</p>`} ${content}
  </div> `

/**
 * What stands where there is too little for a picture or a list, and why.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nothing = (why: string): Html => html`<p class="nothing">${why}</p>`

/**
 * Facts by their names.
 *
 * @since 0.1.0
 * @category constructors
 */
export const facts = (rows: ReadonlyArray<readonly [name: string, fact: Part]>): Html =>
  html`<dl class="facts">
    ${rows.map(
      ([name, fact]) =>
        html`<dt>${name}</dt>
          <dd>${fact}</dd>`
    )}
  </dl>`

/**
 * Sentences in a list.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notes = (sentences: ReadonlyArray<string>): Html =>
  sentences.length === 0
    ? none
    : html`<ul class="notes">
        ${sentences.map((one) => html`<li>${one}</li>`)}
      </ul>`
