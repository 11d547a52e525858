export * as NodeProcessTable from "./NodeProcessTable.ts"
