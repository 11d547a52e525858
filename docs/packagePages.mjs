/**
 * What the pages say that TypeDoc alone does not: a package by its own name and description, a service by its members,
 * and an Effect class without what every such class inherits. And what it does not refuse: an export without a comment.
 */
import { readFileSync } from "node:fs"
import { Application, Comment, Converter, ReflectionKind } from "typedoc"

/** The members of the service behind a `Context.Tag`, which stand in a type argument of the class it extends. */
const serviceOf = (reflection) => {
  const shape = reflection.extendedTypes?.find((type) => type.name === "TagClassShape")?.typeArguments?.[1]
  return shape?.type === "reflection" ? (shape.declaration.children ?? []) : undefined
}

const text = (words) => new Comment([{ kind: "text", text: words }])

const isDocumented = (reflection) =>
  reflection.hasComment() ||
  (reflection.signatures ?? []).some((signature) => signature.hasComment()) ||
  (reflection.type?.type === "reflection" &&
    (reflection.type.declaration.signatures ?? []).some((signature) => signature.hasComment()))

/** @param {import("typedoc").Application} app */
export const load = (app) => {
  // TypeDoc's own check goes on to the functions within a type, whose comment is that of the type.
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const place of project.getReflectionsByKind(ReflectionKind.Module | ReflectionKind.Namespace)) {
      for (const reflection of place.children ?? []) {
        if (!reflection.isReference() && !isDocumented(reflection)) {
          const hint =
            reflection.kind === ReflectionKind.Namespace ? " (the comment at the top of its file, with @module)" : ""
          app.logger.validationWarning(`${place.name} exports ${reflection.name}, which has no comment${hint}`)
        }
      }
    }
  })
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    for (const module of context.project.getReflectionsByKind(ReflectionKind.Module)) {
      const { description, name } = JSON.parse(
        readFileSync(new URL(`../${module.name.replace(/\/src$/u, "")}/package.json`, import.meta.url), "utf8")
      )
      module.name = name
      module.comment = text(`${description}.`)
    }
    for (const parameter of context.project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name === "__namedParameters") parameter.name = "options"
    }
    context.project.comment = text(
      "What programs can import, told by the comments in the sources. `pnpm run docs` writes these pages anew."
    )
  })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const reflection of context.project.getReflectionsByKind(ReflectionKind.Class)) {
      const service = serviceOf(reflection)
      const members = reflection.children ?? []
      for (const constructor of members.filter(({ kind }) => kind === ReflectionKind.Constructor))
        context.project.removeReflection(constructor)
      for (const member of members) delete member.inheritedFrom
      delete reflection.extendedTypes
      for (const member of service ?? []) {
        member.parent = reflection
        reflection.addChild(member)
      }
    }
  })
}
