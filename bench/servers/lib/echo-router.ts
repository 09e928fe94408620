// The application that Velaros and Eurus run in all benchmarks: JSON, and an echo that is one route among many.
import { Router } from "velaros";
import { json } from "velaros/json";
import { firstArea } from "../../load/frames.ts";

/** What an experiment may change. */
export interface EchoSettings {
  /** Routes of each router, the echo among them. 1,000 unless set. */
  readonly routes?: number | undefined;
  /** Services with an area of their own. 1 unless set. */
  readonly services?: number | undefined;
  /** Instances of each service. 1 unless set. */
  readonly instances?: number | undefined;
}

/** Echoes below `/area-<area>`. The other routes are short: a thousand have to fit into an announcement of 64 KiB. */
export function echoRouter(settings: EchoSettings = {}, area: number = firstArea): Router {
  const router = new Router();
  router.use(json());
  const others = (settings.routes ?? 1_000) - 1;
  for (let index = 0; index < others; index++) {
    if (index === others >> 1) bindEcho(router, area);
    router.publicBind(`/${area}-${index}/:item`, () => {});
  }
  if (others < 1) bindEcho(router, area);
  return router;
}

function bindEcho(router: Router, area: number): void {
  router.publicBind(`/area-${area}/items/:item`, (context) => context.reply(context.unmarshal()));
}
