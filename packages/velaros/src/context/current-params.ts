import { createParams, noParams, type Params, readParam } from "../pattern/params.ts";
import type { MessageContext } from "./message-context.ts";

/** The parameters of the node that is being handled, over those of the mounts around it. */
export function currentParams(context: MessageContext): Params {
  const own = context.current?.match?.params ?? noParams;
  const outer = context.parent?.params ?? noParams;
  const outerNames = parameterNames(context.parent);
  if (outerNames.length === 0) return own;
  const ownNames = context.current?.match?.pattern.names ?? [];
  return createParams(
    [...outerNames, ...ownNames],
    [
      ...outerNames.map((name) => String(readParam(outer, name) ?? "")),
      ...ownNames.map((name) => String(readParam(own, name) ?? "")),
    ],
  );
}

/** Names of the parameters that a context has, mounts included. */
function parameterNames(context: MessageContext | undefined): readonly string[] {
  if (context === undefined) return [];
  const own = context.current?.match?.pattern.names ?? [];
  return context.parent === undefined ? own : [...parameterNames(context.parent), ...own];
}
