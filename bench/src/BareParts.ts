/**
 * What reading a films page cannot do without: its tokens.
 */
import { Tokenizer, type TokenizerCallbacks } from "htmlparser2"

const nothing = () => undefined
const callbacks: TokenizerCallbacks = {
  onattribdata: nothing,
  onattribentity: nothing,
  onattribend: nothing,
  onattribname: nothing,
  oncdata: nothing,
  onclosetag: nothing,
  oncomment: nothing,
  ondeclaration: nothing,
  onend: nothing,
  onopentagend: nothing,
  onopentagname: nothing,
  onprocessinginstruction: nothing,
  onselfclosingtag: nothing,
  ontext: nothing,
  ontextentity: nothing
}

/** Goes through the tokens of a page with htmlparser2, and does nothing with them. */
export const tokenize = (html: string): void => {
  const tokenizer = new Tokenizer({ decodeEntities: true }, callbacks)
  tokenizer.write(html)
  tokenizer.end()
}
