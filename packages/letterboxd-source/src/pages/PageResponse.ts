/**
 * What can be told of any page without building a document.
 *
 * @since 0.1.0
 */
export type { PageResponse } from "../transport/PageResponse.ts"

/**
 * The title of a page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pageTitle = (body: string): string => /<title[^>]{0,200}>([^<]{0,500})/iu.exec(body)?.[1]?.trim() ?? ""

/**
 * Whether an HTML page reaches its end. All generations of the site's pages close their `html` element.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reachesEnd = (body: string): boolean => /<\/html\s{0,100}>/iu.test(body)
