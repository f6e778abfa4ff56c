/** Which admission reviews the webhook answers, and how. */
import { fails, isAbsent, postToWebhook, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { ACCOUNTS, JSON_TYPE, POD, review, reviewOf, UID } from './lib/reviews.ts';

/** A review of a pod with nothing else. */
const bare = (object: object): string => JSON.stringify({ request: { namespace: '<namespace:app>', object } });

suite('webhook', ({ scenario }) => {
  scenario('WH-15', 'the webhook takes nothing but JSON', {
    source: WEBHOOK_HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { patched: true }),
      fails(postToWebhook('text/plain', review('admission.k8s.io/v1', POD)), {
        by: 'webhook',
        code: '415',
        status: 415,
        message: 'Invalid Content-Type, expected `application/json`',
      }),
    ],
  });

  scenario('WH-16', 'a review without a request is not allowed', {
    source: WEBHOOK_HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { allowed: true }),
      fails(
        postToWebhook(
          'application/json',
          JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }),
        ),
        { by: 'webhook', code: 'NotAllowed', status: 200, message: 'bad content' },
      ),
    ],
  });

  scenario('WH-17', "the answer is of the review's version and repeats its uid", {
    source: 'Kubernetes documentation, "Dynamic Admission Control", response',
    ...ASSOCIATED,
    probes: [
      ...(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const).map((apiVersion) =>
        succeeds(postToWebhook('application/json', review(apiVersion, POD)), {
          apiVersion,
          uid: UID,
          patched: true,
        }),
      ),
    ],
  });

  scenario('WH-29', 'what cannot be read is not allowed, and its review is answered', {
    source: WEBHOOK_HANDLER + ', Handle; webhook tests, TestModifierHandler',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', POD)), { allowed: true }),
      fails(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', { ...POD, spec: { containers: 'none' } })), {
        by: 'webhook',
        code: 'NotAllowed',
        status: 200,
        message: 'cannot unmarshal string',
        facts: { uid: UID, patched: false },
      }),
      fails(postToWebhook(JSON_TYPE, '{"kind":'), { by: 'webhook', code: 'NotAllowed', status: 200 }),
      fails(postToWebhook('application/json; charset=utf-8', review('admission.k8s.io/v1', POD)), {
        by: 'webhook',
        code: '415',
        status: 415,
      }),
    ],
  });

  scenario('WH-32', 'a review that cannot be read is not allowed, and its answer says why', {
    source: `${WEBHOOK_HANDLER}, Handle; Kubernetes, apimachinery, pkg/runtime/serializer`,
    ...ACCOUNTS,
    probes: [
      succeeds(postToWebhook(JSON_TYPE, reviewOf('pi', {})), { allowed: true, patched: true }),
      // Neither what a pod leaves out nor what it is called matters.
      succeeds(postToWebhook(JSON_TYPE, bare({ spec: { serviceAccountName: 'pi' } })), { patched: true }),
      // An API server fills in the name that counts.
      ...[{}, { spec: {} }, { spec: { serviceAccount: 'pi' } }].map((pod) =>
        succeeds(postToWebhook(JSON_TYPE, bare(pod)), { patched: false }),
      ),
      ...['\n ', '\ufeff', '---\n', '--- \n'].map((before) =>
        succeeds(postToWebhook(JSON_TYPE, `${before}${reviewOf('pi', {})} \n`), { uid: UID, patched: true }),
      ),
      ...(
        [
          ['', 'bad content'],
          [' \n', 'bad content'],
          ['null', 'bad content'],
          ['{"kind":"AdmissionReview"}', 'bad content'],
          ['{"request":null}', 'bad content'],
          // Names of a review count in their own case alone, those of a pod in any.
          ['{"Request":{"object":{}}}', 'bad content'],
          ['{"request":{}}', 'unexpected end of JSON input'],
          ['{"request":{"object":null}}', 'unexpected end of JSON input'],
          ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
          ...['{"kind":', '{"kind":"A",', '{"a":{}'].map(
            (body) => [body, "couldn't get version/kind; json parse error: unexpected end of JSON input"] as const,
          ),
          ['{"apiVersion":5}', "couldn't get version/kind; json parse error: json: cannot unmarshal number"],
          ['{"kind":5}', "couldn't get version/kind; json parse error: json: cannot unmarshal number"],
          ['[]', "couldn't get version/kind; json parse error: json: cannot unmarshal array"],
          ['word', "couldn't get version/kind; json parse error: json: cannot unmarshal string"],
          ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
          ['{"request":"x"}', 'json: cannot unmarshal string into Go struct field AdmissionReview.request'],
          ['{"request":{"object":"x"}}', 'json: cannot unmarshal string into Go value of type v1.Pod'],
          ['{"request":{"object":{"SPEC":1}}}', 'json: cannot unmarshal number into Go struct field Pod.spec'],
        ] as const
      ).map(([body, message]) =>
        fails(postToWebhook(JSON_TYPE, body), {
          by: 'webhook',
          code: 'NotAllowed',
          status: 200,
          message,
          facts: {
            allowed: false,
            uid: '',
            patched: false,
            apiVersion: isAbsent,
            ...(body.includes('AdmissionReview') ? {} : { kind: isAbsent }),
          },
        }),
      ),
    ],
  });

  scenario('WH-33', 'the webhook looks at the form of a request, and at no method', {
    source: `${WEBHOOK_HANDLER}, Handle; Go, package net/http, Request.ParseForm`,
    ...ACCOUNTS,
    probes: [
      ...[{}, { method: 'PUT' }, { method: 'DELETE' }, { path: '/mutate?a=%41&b' }].map((options) =>
        succeeds(postToWebhook(JSON_TYPE, reviewOf('pi', {}), options), { patched: true }),
      ),
      ...(
        [
          ['text/plain', {}],
          ['application/json; charset=utf-8', {}],
          ['application/json;charset="utf-8"', {}],
          ['application/json;', {}],
          ['Application/JSON', {}],
          ['json', {}],
          ['', {}],
          ['application/x-www-form-urlencoded', {}],
          ['a/b/c', { method: 'DELETE' }],
          ['text/plain; a="b;\\"c"; d=e;', {}],
          [' text/plain ;a=b', {}],
          ['text/plain', { method: 'GET' }],
        ] as const
      ).map(([type, options]) =>
        fails(postToWebhook(type, 'a=1', options), {
          by: 'webhook',
          code: '415',
          status: 415,
          message: 'Invalid Content-Type, expected `application/json`',
          facts: { contentType: 'text/plain; charset=utf-8' },
        }),
      ),
      ...(
        [
          ['a/b/c', 'x', {}],
          ['a b', 'x', {}],
          ['application/json; charset', 'x', {}],
          ['a/b/c', 'x', { method: 'PATCH' }],
          ['a/b/c', 'x', { method: 'PUT' }],
          ['application/x-www-form-urlencoded', 'a=1;b=2', {}],
          ['Application/X-WWW-Form-Urlencoded; a=b', 'a=%', { method: 'PUT' }],
          ['application/x-www-form-urlencoded ; a=b', 'a=%2', {}],
          // A query is looked at first, whatever the method.
          ...['/mutate?a=1;b=2', '/mutate?a=%zz', '/mutate?a=1&b=%4', '/mutate?%'].flatMap((path) =>
            [{ path }, { path, method: 'DELETE' }].map((options) => [JSON_TYPE, reviewOf('pi', {}), options] as const),
          ),
          ['text/plain; a', 'x', {}],
          ['text/plain; a="b', 'x', {}],
          ['text/', 'x', {}],
          ['/plain', 'x', {}],
          ['text/plain; =b', 'x', {}],
        ] as const
      ).map(([type, body, options]) =>
        fails(postToWebhook(type, body, options), {
          by: 'webhook',
          code: '400',
          status: 400,
          message: '{"error": "error parsing form"}',
        }),
      ),
      ...['/', '/mutate/', '/Mutate', '/healthz/'].map((path) =>
        fails(postToWebhook(JSON_TYPE, '{}', { path }), { by: 'webhook', code: '404', message: '404 page not found' }),
      ),
      // What is not a review is no access: the answer tells.
      ...(['GET', 'POST'] as const).map((method) =>
        fails(postToWebhook('text/plain', 'x', { path: '/healthz', method }), {
          by: 'webhook',
          status: 200,
          message: 'ok',
          facts: { contentType: 'text/plain; charset=utf-8' },
        }),
      ),
    ],
  });
});
