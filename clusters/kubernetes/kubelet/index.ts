export { startKubelet } from './kubelet.ts';
export type { RunningKubelet } from './kubelet.ts';
export type { KubeletOptions } from './context.ts';
export type { ComponentImage, Image, Images, ProcessImage } from './images.ts';
export { ProcessHost } from './process-host.ts';
export { POD_IP } from './spec.ts';
export { TRANSLATIONS } from './translation.ts';
export type { Translation } from './translation.ts';
