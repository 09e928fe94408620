import { Service, type Transport } from "eurus";
import { firstArea } from "../../load/frames.ts";
import { echoRouter, type EchoSettings } from "./echo-router.ts";

/** Starts as many services and instances as an experiment wants, all in this process and on one transport. */
export async function startEchoServices(transport: Transport, settings: EchoSettings = {}): Promise<void> {
  const services: Service[] = [];
  for (let index = 0; index < (settings.services ?? 1); index++) {
    for (let instance = 0; instance < (settings.instances ?? 1); instance++) {
      const router = echoRouter(settings, firstArea + index);
      services.push(
        new Service(`bench-service-${index}`, transport, router, { gatewayNames: ["bench-gateway"] }),
      );
    }
  }
  await Promise.all(services.map((service) => service.start()));
}
