export { detach } from './attach.ts';
export { KIND_CAPABILITIES } from './capabilities.ts';
export { kindHost } from './host.ts';
export { kindProgram } from './kind.ts';
export type { KindOptions } from './options.ts';
