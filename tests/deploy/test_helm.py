"""The chart: rendered by helm, checked against the schemas of Kubernetes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from invigil.server import SHUTDOWN_S
from invigil.storage.maintenance.backup import KEY
from invigil.storage.signing import SIGNING_KEY, Signer
from tests.deploy import tools
from tests.deploy.kubernetes import write_schemas

CHART = tools.DEPLOY / "helm" / "invigil"
LEAST = ("-f", str(CHART / "ci-values.yaml"))
VARIANTS = {
    "least": (),
    "everything": (
        "--set",
        (
            "networkPolicy.enabled=true,ingress.className=nginx,imagePullSecrets[0].name=pull,"
            "podAnnotations.team=exams,nodeSelector.disk=ssd,"
            "tolerations[0].key=exam,tolerations[0].operator=Exists"
        ),
    ),
    "one replica": (
        "--set",
        (
            "autoscaling.enabled=false,replicaCount=1,podDisruptionBudget.enabled=false,"
            "ingress.enabled=false,serviceAccount.name=mine,drainSeconds=60"
        ),
    ),
}


def rendered(*options: str) -> list[dict[str, Any]]:
    text = tools.passes(tools.helm(), "template", "exam", CHART, *LEAST, *options)
    return [each for each in yaml.safe_load_all(text) if each]


def one(kind: str, *options: str) -> dict[str, Any]:
    (found,) = [each for each in rendered(*options) if each["kind"] == kind]
    return found


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kubernetes")
    write_schemas(tools.kubernetes_api(), folder)
    return folder


def conform(schemas: Path, text: str, folder: Path) -> tuple[int, str]:
    manifest = folder / "manifest.yaml"
    manifest.write_text(text)
    where = str(schemas / "{{.ResourceKind}}{{.KindSuffix}}.json")
    arguments = ("-strict", "-summary", "-verbose", "-schema-location", where)
    return tools.run(tools.kubeconform(), *arguments, manifest)


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_and_kubernetes_find_no_fault(variant: str, schemas: Path, tmp_path: Path) -> None:
    options = VARIANTS[variant]
    tools.passes(tools.helm(), "lint", "--strict", CHART, *LEAST, *options)
    text = tools.passes(tools.helm(), "template", "exam", CHART, *LEAST, *options)
    code, said = conform(schemas, text, tmp_path)
    assert code == 0, said
    assert "Skipped: 0" in said
    assert f"Valid: {len(rendered(*options))}" in said


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"),
        ("containerPort: 8000", "containerPort: eight"),
        ("maxSurge: 1", "maxSurge: [1]"),
    ],
)
def test_the_check_would_find_a_fault(
    right: str, wrong: str, schemas: Path, tmp_path: Path
) -> None:
    text = tools.passes(tools.helm(), "template", "exam", CHART, *LEAST)
    assert right in text
    code, said = conform(schemas, text.replace(right, wrong), tmp_path)
    assert code != 0, said


@pytest.mark.parametrize(
    "wrong",
    [
        "publicUrl=http://proctor.example.edu",
        "evidenceUrl=file:///data",
        "existingSecret=",
        "existingKeySecret=",
        "replicas=3",
        "drainSeconds=-1",
        "env.PATH=/tmp",
    ],
)
def test_values_that_cannot_work_are_refused(wrong: str) -> None:
    code, said = tools.run(tools.helm(), "template", "exam", CHART, *LEAST, "--set", wrong)
    assert code != 0
    assert "schema" in said, said


@pytest.mark.parametrize("seconds", [0, 10, 120])
def test_a_pod_is_given_more_time_to_end_than_the_server_takes(seconds: int) -> None:
    pod = one("Deployment", "--set", f"drainSeconds={seconds}")["spec"]["template"]["spec"]
    environment = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert environment["INVIGIL_DRAIN_SECONDS"] == str(seconds)
    assert pod["terminationGracePeriodSeconds"] > seconds + SHUTDOWN_S + 4


def test_every_container_is_confined() -> None:
    for kind in ("Deployment", "Job"):
        pod = one(kind)["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            confined = container["securityContext"]
            assert confined["readOnlyRootFilesystem"] is True
            assert confined["allowPrivilegeEscalation"] is False
            assert confined["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
            paths = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert "/data" in paths


def test_probes_ask_for_what_exists() -> None:
    container = one("Deployment")["spec"]["template"]["spec"]["containers"][0]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_schema_is_brought_up_to_date_before_new_pods_start() -> None:
    job = one("Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["invigil", "db", "upgrade"]


def test_the_keys_outlive_a_pod_and_are_the_owners_alone(tmp_path: Path) -> None:
    """What the init container runs, here: bundles are signed with the Secret's key."""
    pod = one("Deployment")["spec"]["template"]["spec"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    secret = volumes["key"]["secret"]
    assert secret["secretName"] == "invigil-key"
    assert {item["key"] for item in secret["items"]} == {KEY, SIGNING_KEY}
    key, data = tmp_path / "key", tmp_path / "data"
    key.mkdir()
    data.mkdir()
    for item in secret["items"]:
        (key / item["path"]).write_bytes(item["key"].ljust(32, "-").encode())
    (init,) = pod["initContainers"]
    *shell, words = init["command"]
    words = words.replace("/key/", f"{key}/").replace("/data/", f"{data}/")
    tools.passes(*shell, words)
    for name in (KEY, SIGNING_KEY):
        copied = data / "invigil" / name
        assert copied.read_bytes() == (key / name).read_bytes()
        assert copied.stat().st_mode & 0o777 == 0o600
    public = Signer(data / "invigil" / SIGNING_KEY).public_key
    assert public == Signer(key / SIGNING_KEY).public_key
    (environment,) = [
        each["value"] for each in pod["containers"][0]["env"] if each["name"] == "INVIGIL_DATA_DIR"
    ]
    assert environment == "/data/invigil", "the keys would lie where nobody looks"


def test_no_secret_is_rendered() -> None:
    assert not [each for each in rendered() if each["kind"] == "Secret"]
