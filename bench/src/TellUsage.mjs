/**
 * Imported before a program of Node, tells what its process took: a line of JSON on file descriptor 3 at its end.
 */
import { readFileSync, writeSync } from "node:fs"
import { PerformanceObserver } from "node:perf_hooks"
import { isMainThread } from "node:worker_threads"

/** Linux counts the memory of the process that started this one into `maxRSS`, but not into the high-water mark of its own. */
const peakKilobytes = (maxRSS) =>
  process.platform === "linux" ? Number(/VmHWM:\s+(\d+)/u.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) : maxRSS

if (isMainThread) {
  let collecting = 0
  const add = (entries) => {
    for (const { duration } of entries) collecting += duration / 1000
  }
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ entryTypes: ["gc"] })
  process.on("exit", () => {
    add(observer.takeRecords())
    const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
    const usage = {
      processor: (userCPUTime + systemCPUTime) / 1e6,
      megabytes: peakKilobytes(maxRSS) / 1000,
      collecting
    }
    writeSync(3, `${JSON.stringify(usage)}\n`)
  })
}
