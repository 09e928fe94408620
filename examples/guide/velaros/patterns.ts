// Patterns, as routes and on their own.
import { Pattern, Router } from "velaros";
import { json } from "velaros/json";

export const router = new Router()
  .use(json())
  .bind("/orders/:id(\\d+)", (ctx) => ({ order: Number(ctx.params.id) })) // digits only
  .bind("/search/:term?", (ctx) => ({ term: ctx.params.term })) // "" when it is not there
  .bind("/files/:path+", (ctx) => ({ path: ctx.params.path })) // one segment or more
  .bind("/static/**", (ctx) => ({ path: ctx.path })); // anything below

const profile = new Pattern("/users/:id/profile");

export const id = profile.match("/users/7/profile")?.["id"]; // "7"
export const path = profile.path({ id: "8" }); // "/users/8/profile"
