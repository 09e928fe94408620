// Prove a transport of your own.
export { transportContract } from "./transport-contract.ts";
export type {
  TransportContractBus,
  TransportContractCase,
  TransportContractOptions,
} from "./transport-contract.ts";
