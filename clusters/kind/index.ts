export { kindHost } from './host.ts';
export { kindProgram } from './kind.ts';
export type { KindOptions } from './options.ts';
