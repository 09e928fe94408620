// Three services, each of which names the gateways that may route to it.
import { Service } from "eurus";
import type { Transport } from "eurus";
import type { Router } from "velaros";

interface Routers {
  readonly publicRouter: Router;
  readonly adminRouter: Router;
  readonly sharedRouter: Router;
}

export async function startServices(transport: Transport, routers: Routers): Promise<Service[]> {
  // Public-facing service
  const publicService = new Service("api", transport, routers.publicRouter, {
    gatewayNames: ["public-gateway"],
  });

  // Internal admin service
  const adminService = new Service("admin", transport, routers.adminRouter);
  adminService.gatewayNames = ["internal-gateway"]; // may also be set later, while it runs

  // Service behind both: no names stand for all gateways
  const sharedService = new Service("shared", transport, routers.sharedRouter);

  const services = [publicService, adminService, sharedService];
  for (const service of services) await service.start();
  return services;
}
