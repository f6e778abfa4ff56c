import { expect } from 'chai';
import { decode } from '../go/json-decode.ts';
import { encode, stringify } from '../go/json-encode.ts';
import { parseJson } from '../go/json-parse.ts';
import { Container, Pod } from './kubernetes-types.ts';

describe('decode', () => {
  const errors: readonly (readonly [string, string])[] = [
    ['"x"', 'json: cannot unmarshal string into Go value of type v1.Pod'],
    [
      '{"spec":{"containers":"x"}}',
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      '{"spec":{"containers":[{"name":5}]}}',
      'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    ],
    [
      '{"spec":{"containers":[{"ports":[{"containerPort":1.5}]}]}}',
      'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      '{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}}',
      'json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32',
    ],
    [
      '{"metadata":{"labels":{"a":5}}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      '{"spec":{"containers":[{"imagePullPolicy":5}]}}',
      'json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy',
    ],
    [
      '{"spec":{"containers":[{"name":5},{"image":6}]}}',
      'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    ],
  ];
  for (const [text, message] of errors) {
    it(`reports Go's error for ${text}`, () => {
      expect(decode(Pod, parseJson(text)).error).to.equal(message);
    });
  }

  it('reports the error of a quantity instead of earlier type errors', () => {
    const json = parseJson('{"spec":{"containers":[{"name":5,"resources":{"limits":{"cpu":"abc"}}}]}}');
    expect(decode(Pod, json).error).to.contain('quantities must match');
  });

  it('matches member names in any case unless caseSensitive is set', () => {
    const json = parseJson('{"METADATA":{"Name":"p"}}');
    expect(decode(Pod, json).value).to.deep.equal({ metadata: { name: 'p' } });
    expect(decode(Pod, json, { caseSensitive: true }).value).to.deep.equal({});
  });
});

describe('the round trip of a container', () => {
  const roundTrip = (text: string): string => stringify(encode(Container, decode(Container, parseJson(text)).value));

  const containers: readonly (readonly [why: string, given: string, written: string])[] = [
    ['adds the resources', '{"name":"a"}', '{"name":"a","resources":{}}'],
    ['drops unknown members', '{"name":"a","wonder":1}', '{"name":"a","resources":{}}'],
    ['keeps the last of duplicate members', '{"name":"a","name":"b"}', '{"name":"b","resources":{}}'],
    ['escapes characters of HTML', '{"name":"<&>"}', '{"name":"\\u003c\\u0026\\u003e","resources":{}}'],
    ['drops zero values', '{"name":"a","image":"","tty":false,"args":[],"ports":null}', '{"name":"a","resources":{}}'],
    [
      'keeps zero values behind pointers',
      '{"name":"a","securityContext":{"privileged":false,"runAsUser":0}}',
      '{"name":"a","resources":{},"securityContext":{"privileged":false,"runAsUser":0}}',
    ],
    [
      'writes 0 for a missing port',
      '{"name":"a","ports":[{}]}',
      '{"name":"a","ports":[{"containerPort":0}],"resources":{}}',
    ],
    [
      'writes 0 for a missing divisor',
      '{"name":"a","env":[{"name":"M","valueFrom":{"resourceFieldRef":{"resource":"limits.memory"}}}]}',
      '{"name":"a","env":[{"name":"M","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"0"}}}],"resources":{}}',
    ],
    [
      'sorts and normalizes quantities',
      '{"name":"a","resources":{"limits":{"memory":"1024Mi","cpu":2}}}',
      '{"name":"a","resources":{"limits":{"cpu":"2","memory":"1Gi"}}}',
    ],
    [
      'keeps 64-bit integers',
      '{"name":"a","securityContext":{"runAsUser":9223372036854775807}}',
      '{"name":"a","resources":{},"securityContext":{"runAsUser":9223372036854775807}}',
    ],
    [
      'keeps ports by number and by name',
      '{"name":"a","livenessProbe":{"httpGet":{"port":"http"}},"readinessProbe":{"tcpSocket":{"port":80}},"startupProbe":{"grpc":{"port":1}}}',
      '{"name":"a","resources":{},"livenessProbe":{"httpGet":{"port":"http"}},"readinessProbe":{"tcpSocket":{"port":80}},"startupProbe":{"grpc":{"port":1,"service":null}}}',
    ],
  ];
  for (const [why, given, written] of containers) {
    it(why, () => {
      expect(roundTrip(given)).to.equal(written);
    });
  }
});
