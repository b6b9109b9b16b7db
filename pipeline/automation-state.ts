export { changesOf, stopOf } from "../models/rules/automation-state.ts";
