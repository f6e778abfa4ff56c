import { join, resolve } from 'node:path';
import { option, textsOf } from '../../foundation/node/options.ts';
import type { HostedClusterType, OpenRequest } from '../interface/cluster-type.ts';
import {
  AGENT_ARGS,
  AGENT_CHART,
  AGENT_IMAGE,
  chartOf,
  CLIENT_LASTS,
  NOT_IN_RUNNER,
  READY_TIMEOUT,
  RUNNER_OPTIONS,
  WORKLOAD_IMAGE,
} from '../interface/shared-options.ts';
import { kindCapabilities } from './capabilities.ts';
import type { KindOptions } from './options.ts';

export const KIND: HostedClusterType = {
  name: 'kind',
  options: [
    option.text('kind-image IMAGE', "create nodes from this image (default: kind's kindest/node)", { outside: true }),
    AGENT_IMAGE,
    option.text('webhook-image IMAGE', 'run this Pod Identity webhook image (default: the reference webhook)', {
      outside: true,
    }),
    WORKLOAD_IMAGE,
    option.text('image-base IMAGE', "build the harness' images from this base image (docs/kind.md)", { outside: true }),
    option.text('client-image IMAGE', 'run the program in this image as the client (docs/own-program.md)', {
      ...NOT_IN_RUNNER,
      commands: ['list', 'plan', 'loosen'],
    }),
    CLIENT_LASTS,
    AGENT_ARGS,
    AGENT_CHART,
    ...RUNNER_OPTIONS,
    READY_TIMEOUT,
  ],
  aws: 'emulator',
  emulatorOptions: ['kind-image', 'image-base'],
  capabilities: (options) => kindCapabilities(KIND.existing(options).length > 0, chartOf(options)),
  existing: (options) => [options.text('context') ?? options.text('kubeconfig') ?? []].flat(),
  kubectlFlags: (options) => {
    const [kubeconfig, context] = [options.text('kubeconfig'), options.text('context')];
    if (kubeconfig === undefined && context === undefined) return undefined;
    return [
      ...(kubeconfig === undefined ? [] : [`--kubeconfig ${resolve(kubeconfig)}`]),
      ...(context === undefined ? [] : [`--context ${context}`]),
    ].join(' ');
  },
  open: async (request) => {
    const { kindHost } = await import('./host.ts');
    return kindHost(kindOptions(request));
  },
  placeRunner: async (request) => {
    const { kindRunnerPlace } = await import('./runner-place.ts');
    return kindRunnerPlace(kindOptions(request));
  },
  detach: async (attachment, run) => {
    const { detach } = await import('./attach.ts');
    return detach(attachment, run);
  },
};

function kindOptions({ options, run, directory, workload, journal, progress, signal }: OpenRequest): KindOptions {
  return {
    run,
    workload,
    journal,
    progress,
    signal,
    images: textsOf(options, {
      node: 'kind-image',
      agent: 'agent-image',
      webhook: 'webhook-image',
      workload: 'workload-image',
      base: 'image-base',
      client: 'client-image',
      runner: 'runner-image',
    }),
    agentArgs: options.list('agent-args'),
    agentChart: chartOf(options),
    ...(KIND.existing(options).length > 0 && {
      attach: textsOf(options, { kubeconfig: 'kubeconfig', context: 'context' }),
    }),
    readyMilliseconds: options.number('ready-timeout') * 1000,
    diagnosticsDirectory: join(directory, 'diagnostics'),
  };
}
