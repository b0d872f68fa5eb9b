#!/bin/sh
# What skaffold runs before it deploys: makes what is not in files, and leaves alone what is there.
#   - the Secret `postgres`, one random password, in the namespace of the server and of each system
#   - the Secrets `member-keys` and `oauth-clients` of ktravel: keys of its own, and the secrets that its local provider shares with it
#   - the ConfigMap `descriptors` with the contracts for the gateway's transcoder
set -eu
cd "$(dirname "$0")/.."

ensure_namespace() {
  kubectl get namespace "$1" >/dev/null 2>&1 || kubectl create namespace "$1"
}

ensure_namespace postgres
if ! kubectl -n postgres get secret postgres >/dev/null 2>&1; then
  # Hexadecimal, so that it needs no escaping in a URL.
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' | kubectl -n postgres create secret generic postgres --from-file=password=/dev/stdin
fi
for folder in services/*/kustomization.yaml; do
  system=$(basename "$(dirname "$folder")")
  ensure_namespace "$system"
  kubectl -n "$system" get secret postgres >/dev/null 2>&1 ||
    kubectl -n postgres get secret postgres -o jsonpath='{.data.password}' | base64 -d |
      kubectl -n "$system" create secret generic postgres --from-file=password=/dev/stdin
done

random() {
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'
}
if kubectl get namespace ktravel >/dev/null 2>&1; then
  kubectl -n ktravel get secret member-keys >/dev/null 2>&1 ||
    kubectl -n ktravel create secret generic member-keys --from-literal=encryption="$(random)" --from-literal=subject="$(random)"
  kubectl -n ktravel get secret oauth-clients >/dev/null 2>&1 ||
    kubectl -n ktravel create secret generic oauth-clients --from-literal=google="$(random)" --from-literal=naver="$(random)"
fi

node scripts/gen.ts
kubectl -n istio-system create configmap descriptors --from-file=gen/descriptors --dry-run=client -o yaml |
  kubectl apply --server-side --force-conflicts -f -
