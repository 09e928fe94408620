export { codecContract } from "./codec-contract.ts";
export type { CodecContractCase, CodecContractOptions } from "./codec-contract.ts";
