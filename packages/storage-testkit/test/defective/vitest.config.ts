import { defineConfig } from "vitest/config"
import { shared } from "../../../../vitest.shared.ts"

export default defineConfig((env) => {
  const config = shared(env)
  return {
    ...config,
    test: { ...config.test, include: ["test/defective/*.suite.ts"], reporters: ["json"], outputFile: {} }
  }
})
