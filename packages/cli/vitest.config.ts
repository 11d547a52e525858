import { defineConfig } from "vitest/config"
import { shared } from "../../vitest.shared.ts"

// These tests take most of the time of all, and most of it in processes of their own: two files at a time keep two cores busy.
export default defineConfig((env) => {
  const config = shared(env)
  return { ...config, test: { ...config.test, poolOptions: { forks: { maxForks: 2 } } } }
})
