export type * from './types.ts';
export { accessDeniedMessage } from './access-denied-message.ts';
export { authorize } from './authorize.ts';
export { statementLabel } from './label.ts';
export { compilePolicy } from './document.ts';
