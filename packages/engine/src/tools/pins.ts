import type { Pin } from "./pin.ts";

/**
 * Every tool we run, pinned: one version for all ways of getting it. Release sums are those of the projects' own
 * checksum files; `sum` is the module's hash in Go's checksum database. To add a version, add an entry here; to
 * add a tool, add an entry here and a wrapper beside the renderers or checkers.
 */
export const pins = {
  kustomize: {
    version: "5.8.2",
    range: ">=5.8.1 <5.9.0",
    ask: ["version"],
    // v5.8.2; up to 4.5 {Version:kustomize/v4.5.7 GitCommit:...}
    says: /^(?:\{Version:kustomize\/)?v(\d\S*)/,
    release: {
      url: "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize/v{version}/{asset}",
      member: "kustomize",
    },
    build: {
      package: "",
      ldflags: "-X sigs.k8s.io/kustomize/api/provenance.version=kustomize/v{version}",
      takes: "about 20 seconds",
    },
    versions: {
      "5.8.2": {
        module: "sigs.k8s.io/kustomize/kustomize/v5",
        sum: "h1:sSNeWwgkdSMGCIavtY63JQMgBJkGv3IwOltWVZy+LFQ=",
        assets: {
          "linux/amd64": {
            name: "kustomize_v5.8.2_linux_amd64.tar.gz",
            sha256: "06af0a202c2b831207d0173f9c9cdb1b30abceca0747cb3fbb72792d26055c95",
          },
          "linux/arm64": {
            name: "kustomize_v5.8.2_linux_arm64.tar.gz",
            sha256: "0991957191951cb7dddd142403b5bb98a1fcd6378ba0079dddc1e2c309080a7f",
          },
          "darwin/amd64": {
            name: "kustomize_v5.8.2_darwin_amd64.tar.gz",
            sha256: "1ee90e851535f13b21b5fb69a24a6e843da13ca7aa52538e345ce7c15471ef47",
          },
          "darwin/arm64": {
            name: "kustomize_v5.8.2_darwin_arm64.tar.gz",
            sha256: "4ce452c096a4005be16ddc02129255830d1d6605ffe3693699c72a1b2be48658",
          },
        },
      },
      "5.8.1": {
        module: "sigs.k8s.io/kustomize/kustomize/v5",
        sum: "h1:Pgsg5psubpVEy7Nf6S89PARg5VmmWUC1l9dC6Dl4PG0=",
        assets: {
          "linux/amd64": {
            name: "kustomize_v5.8.1_linux_amd64.tar.gz",
            sha256: "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d",
          },
          "linux/arm64": {
            name: "kustomize_v5.8.1_linux_arm64.tar.gz",
            sha256: "0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142",
          },
          "darwin/amd64": {
            name: "kustomize_v5.8.1_darwin_amd64.tar.gz",
            sha256: "ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8",
          },
          "darwin/arm64": {
            name: "kustomize_v5.8.1_darwin_arm64.tar.gz",
            sha256: "8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288",
          },
        },
      },
      "5.7.1": {
        module: "sigs.k8s.io/kustomize/kustomize/v5",
        sum: "h1:sYJsarwy/SDJfjjLMUqwFDGPwzUtMOQ1i1Ed49+XSbw=",
        assets: {
          "linux/amd64": {
            name: "kustomize_v5.7.1_linux_amd64.tar.gz",
            sha256: "ea375e7372f9aa029129d4b2d16c66b7750b7f1213c4f66f910d981c895818d8",
          },
          "linux/arm64": {
            name: "kustomize_v5.7.1_linux_arm64.tar.gz",
            sha256: "4261a040217df3bd6896597c3986d1465925726e4f22a945304b5233a4dcdbda",
          },
          "darwin/amd64": {
            name: "kustomize_v5.7.1_darwin_amd64.tar.gz",
            sha256: "4a0dff80c5644df6bc8f51b342842969004cb6ba5f94dddaabbea7483493273d",
          },
        },
      },
    },
  },
  helm: {
    version: "4.3.0",
    range: ">=4.3.0 <4.4.0",
    ask: ["version", "--template", "{{.Version}}"],
    says: /^v(\d[^\s+]*)/,
    release: { url: "https://get.helm.sh/{asset}", member: "{os}-{arch}/helm" },
    build: {
      package: "/cmd/helm",
      ldflags: "-X {module}/internal/version.version=v{version}",
      takes: "about a minute",
    },
    versions: {
      "4.3.0": {
        module: "helm.sh/helm/v4",
        sum: "h1:wLRTNXzy96ro7waurWMsymlUPaCQOj5nokpJZJNen/w=",
        assets: {
          "linux/amd64": {
            name: "helm-v4.3.0-linux-amd64.tar.gz",
            sha256: "86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb",
          },
          "linux/arm64": {
            name: "helm-v4.3.0-linux-arm64.tar.gz",
            sha256: "31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08",
          },
          "darwin/amd64": {
            name: "helm-v4.3.0-darwin-amd64.tar.gz",
            sha256: "347a784877e0e20eac865e8d1c36a80f6bb0861d6f29abd34defb6570ef95d92",
          },
          "darwin/arm64": {
            name: "helm-v4.3.0-darwin-arm64.tar.gz",
            sha256: "d3870437e1e95b67f8edbde964156c84a26503f560821d40c542441658934fba",
          },
        },
      },
      "4.2.4": {
        module: "helm.sh/helm/v4",
        sum: "h1:qIysMI0JpTC4WXf3AQ99V6rZGT0+gO0Ww8IOnnUnaZk=",
        assets: {
          "linux/amd64": {
            name: "helm-v4.2.4-linux-amd64.tar.gz",
            sha256: "c306b46f719b0a4da32d0f78ee21bf90ce8d602f15b22ab753f0674d1670a7f3",
          },
          "linux/arm64": {
            name: "helm-v4.2.4-linux-arm64.tar.gz",
            sha256: "564de2191b881e9f71b5606b25345821ea1682f06ab90499d3ab22b530176da1",
          },
          "darwin/amd64": {
            name: "helm-v4.2.4-darwin-amd64.tar.gz",
            sha256: "6c163d687ca03c3b5c01928e53bbbcf9518278f47ce7a2f249a5a08e8bdaa2bc",
          },
          "darwin/arm64": {
            name: "helm-v4.2.4-darwin-arm64.tar.gz",
            sha256: "d747eb4e28bd2727173d15b759fa0a17822291ec09db7ced3d55af290a3661a2",
          },
        },
      },
      "3.22.0": {
        module: "helm.sh/helm/v3",
        sum: "h1:n1if5iQgHYsujPAcO5oonH/KiSNUmqmUF0iGVjSF3AU=",
        assets: {
          "linux/amd64": {
            name: "helm-v3.22.0-linux-amd64.tar.gz",
            sha256: "1e4ab49e429626cf6c6958d914248b78c9730803c2751b87627e171dc800e7bb",
          },
          "linux/arm64": {
            name: "helm-v3.22.0-linux-arm64.tar.gz",
            sha256: "f14e804dfee240f55525b667488fe9adca349e63e00c9af634c0beb1421ac310",
          },
          "darwin/amd64": {
            name: "helm-v3.22.0-darwin-amd64.tar.gz",
            sha256: "bd1d09f316558dda23698527859600936fed1371021ce0f2272d66b2fdcfa69c",
          },
          "darwin/arm64": {
            name: "helm-v3.22.0-darwin-arm64.tar.gz",
            sha256: "4c9982a6cdeb458b60258df66b55398ca5b19293f6877faffe2909ad6f23dfe0",
          },
        },
      },
      "3.21.4": {
        module: "helm.sh/helm/v3",
        sum: "h1:T/GcIEXU/gNjJnkITlIZ3e9xqkZjhFTmISuStTZ6+Qg=",
        assets: {
          "linux/amd64": {
            name: "helm-v3.21.4-linux-amd64.tar.gz",
            sha256: "61f88ab166748cb19604d7884cb100ae9ccb13804ddeb98e08af167eacbb6a14",
          },
          "linux/arm64": {
            name: "helm-v3.21.4-linux-arm64.tar.gz",
            sha256: "b54c04b4e0b2540bbdc08c17a121dab70e9a2ed0de5705528fec68a5fd3b85a7",
          },
          "darwin/amd64": {
            name: "helm-v3.21.4-darwin-amd64.tar.gz",
            sha256: "9173d05edf9592c6be1d0412ffafd935448dfc7a63c2bc732b8c67e55503e8a8",
          },
          "darwin/arm64": {
            name: "helm-v3.21.4-darwin-arm64.tar.gz",
            sha256: "6e0bf5eb6daafc2b1ec34bb5ba04ef103f3afc16192fb19805c2924d7ea1033f",
          },
        },
      },
    },
  },
  kubeconform: {
    version: "0.8.0",
    range: ">=0.8.0 <0.9.0",
    ask: ["-v"],
    says: /^v(\d\S*)/,
    release: {
      url: "https://github.com/yannh/kubeconform/releases/download/v{version}/{asset}",
      member: "kubeconform",
    },
    build: { package: "/cmd/kubeconform", ldflags: "-X main.version=v{version}", takes: "about 20 seconds" },
    versions: {
      "0.8.0": {
        module: "github.com/yannh/kubeconform",
        sum: "h1:loDYd3a3spjIFrauqW67CDKF55Oo9R6uvC8AvpVd4ug=",
        assets: {
          "linux/amd64": {
            name: "kubeconform-linux-amd64.tar.gz",
            sha256: "9bc2bffbf71f261128533edaf912153948b7ff238f9a531ae6d34466ec287883",
          },
          "linux/arm64": {
            name: "kubeconform-linux-arm64.tar.gz",
            sha256: "1f53fc8e81258197a35e8603054162a5af1de8c5af13746c71ab680d9534ed87",
          },
          "darwin/amd64": {
            name: "kubeconform-darwin-amd64.tar.gz",
            sha256: "71dbc87ac9f24099a62b93570e65aa06312ba6ac8aea63b7f86e9d999edf5a92",
          },
          "darwin/arm64": {
            name: "kubeconform-darwin-arm64.tar.gz",
            sha256: "f84f4dfbebf4a6b0b230385fa065a39ea35e02608c2b50d025dcf64775a69d67",
          },
        },
      },
    },
  },
  kubectl: {
    version: "1.37.1",
    range: ">=1.28.0 <2.0.0",
    ask: ["version", "--client", "--output=json"],
    // Vendors add to it (v1.32.4-dispatcher, v1.33.1-eks-1234567), which is not what semver calls a pre-release.
    says: /"gitVersion":\s*"v(\d+\.\d+\.\d+)/,
    release: { url: "https://dl.k8s.io/release/v{version}/bin/{os}/{arch}/kubectl" },
    build: {
      package: "/cmd/kubectl",
      ldflags:
        "-X k8s.io/component-base/version.gitVersion=v{version} -X k8s.io/client-go/pkg/version.gitVersion=v{version}",
      takes: "several minutes",
    },
    versions: {
      "1.37.1": {
        module: "k8s.io/kubernetes",
        sum: "h1:LTUzSbp9n0W7649oVKBYfC48zcoD3vCk++1PZQn28q8=",
        assets: {
          "linux/amd64": {
            name: "kubectl",
            sha256: "65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8",
          },
          "linux/arm64": {
            name: "kubectl",
            sha256: "ff749f4b78d9c4f1ec87307df9b50119ed819e2094aa9810cb9acffc3286c8c7",
          },
          "darwin/amd64": {
            name: "kubectl",
            sha256: "6851381c486ff6edd691623e3d65c87cb9a5b02887ff8fbbb38d8a031b748387",
          },
          "darwin/arm64": {
            name: "kubectl",
            sha256: "fd65982c97ddad3106754b69ffa196d0e543aa591930ae52aed1adfb92f8c77f",
          },
        },
      },
      "1.36.3": {
        module: "k8s.io/kubernetes",
        sum: "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=",
        assets: {
          "linux/amd64": {
            name: "kubectl",
            sha256: "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
          },
          "linux/arm64": {
            name: "kubectl",
            sha256: "3d86f24401c41ae5a46ac50eef8865fe891d3647d324a0836f6c63757a126e62",
          },
          "darwin/amd64": {
            name: "kubectl",
            sha256: "158b3b46cf74e8b6bd9b1d7cd30f665e3efb2bc1ec3c843ec925bcfdd2930de0",
          },
          "darwin/arm64": {
            name: "kubectl",
            sha256: "fc8582acde13869a606730a79379d6515f30c68afcced0b5ac8789d5d002b7d6",
          },
        },
      },
      "1.35.4": {
        module: "k8s.io/kubernetes",
        sum: "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=",
        assets: {
          "linux/amd64": {
            name: "kubectl",
            sha256: "b529430df69a688fd61b64ad2299edb5fd71cb58be2a4779dba624c7d3510efd",
          },
          "linux/arm64": {
            name: "kubectl",
            sha256: "6a5a4cc4e396d7626a7a693a3044b51c75520f81db30fe6816c2554e53be336f",
          },
          "darwin/amd64": {
            name: "kubectl",
            sha256: "dddb01bddb96f78e48e33105ccfa2feedff585a8b2e3b812f5d0f64c7403710a",
          },
          "darwin/arm64": {
            name: "kubectl",
            sha256: "ec644a2473b64b486987f695dfb1867963ce6d42d267b86e944585a546f92b5d",
          },
        },
      },
    },
  },
  conftest: {
    version: "0.70.1",
    range: ">=0.70.1 <0.71.0",
    ask: ["--version"],
    says: /^Conftest: v?(\d\S*)/m,
    release: {
      url: "https://github.com/open-policy-agent/conftest/releases/download/v{version}/{asset}",
      member: "conftest",
    },
    build: {
      package: "",
      ldflags: "-X {module}/internal/version.Version={version}",
      takes: "about a minute",
    },
    versions: {
      "0.70.1": {
        module: "github.com/open-policy-agent/conftest",
        sum: "h1:Oqn7tXYIH3mEGm4XHIqqmcwIn2cKjRAkRhhdjClEZks=",
        assets: {
          "linux/amd64": {
            name: "conftest_0.70.1_Linux_x86_64.tar.gz",
            sha256: "613d124b8f6c1f3cee890491f7ab19114cca5a2102ca47cb2e6c35b4c23f9c8a",
          },
          "linux/arm64": {
            name: "conftest_0.70.1_Linux_arm64.tar.gz",
            sha256: "8eb914755cb1b3c610d557019d5f373d5528b366ba706961d1a23f2ec55eab57",
          },
          "darwin/amd64": {
            name: "conftest_0.70.1_Darwin_x86_64.tar.gz",
            sha256: "ccfe6dfb526a8d200d91d1a9f234f07d814f56f93a1ae8f47a5cb30f567dc97f",
          },
          "darwin/arm64": {
            name: "conftest_0.70.1_Darwin_arm64.tar.gz",
            sha256: "b8eae5ce6c7c3a768a9b9c6c12b0c01f8fc065a99267c94646d309c479b218dd",
          },
        },
      },
      "0.69.0": {
        module: "github.com/open-policy-agent/conftest",
        sum: "h1:g4KhYsXJlRSu9Zgxa6JVwfMvXksQkqwjWiWnWSUcBGE=",
        assets: {
          "linux/amd64": {
            name: "conftest_0.69.0_Linux_x86_64.tar.gz",
            sha256: "96fc2fbf11f0afde51256647127e6f00a64ce839a4d9a0a1aef2426c0e6f4b3f",
          },
          "linux/arm64": {
            name: "conftest_0.69.0_Linux_arm64.tar.gz",
            sha256: "3b9c35223fe35f9988e153cdffb0144f911201306c746758b73be82831c543d9",
          },
          "darwin/amd64": {
            name: "conftest_0.69.0_Darwin_x86_64.tar.gz",
            sha256: "74fc9073fc7a5f11ffe00db7599d2b155d179acc70e83ffc7ab4a8750e6ee24e",
          },
          "darwin/arm64": {
            name: "conftest_0.69.0_Darwin_arm64.tar.gz",
            sha256: "78302d045f0ec52e9786a06c6c621ac4516b4c5dd1e54efc8050c86c29b964d9",
          },
        },
      },
    },
  },
  opa: {
    version: "1.21.0",
    range: ">=1.20.2 <2.0.0",
    ask: ["version"],
    says: /^Version: (\d\S*)/m,
    release: { url: "https://github.com/open-policy-agent/opa/releases/download/v{version}/{asset}" },
    build: { package: "", ldflags: "", takes: "about a minute" },
    versions: {
      "1.21.0": {
        module: "github.com/open-policy-agent/opa",
        sum: "h1:k/N0fieTkBPM0H7mIOrMd/xZPaMsxW70jIzIPeOBst4=",
        assets: {
          "linux/amd64": {
            name: "opa_linux_amd64_static",
            sha256: "5eef70644868bb04d0556bcc795ee42f2ab379e73f51d1bfa30f83e1305bc9b9",
          },
          "linux/arm64": {
            name: "opa_linux_arm64_static",
            sha256: "0ec34027c15b4d969c21d01ed570fe14fbebd508a08157043ab09f9a0dccbee6",
          },
          "darwin/amd64": {
            name: "opa_darwin_amd64",
            sha256: "0ceb96979d259b3ee31711a6b316a592b8ffcfdd4209cc37600ed85a6cd4a55c",
          },
          "darwin/arm64": {
            name: "opa_darwin_arm64_static",
            sha256: "f1e4da6467a2adb2846bb23eec6ea00d8c3a04786f9270bb11003d22dfd827a5",
          },
        },
      },
      "1.20.2": {
        module: "github.com/open-policy-agent/opa",
        sum: "h1:dlX5VEGA5M62W8+X1nRPEaQIh/CMRn5FcD1mebpKWKg=",
        assets: {
          "linux/amd64": {
            name: "opa_linux_amd64_static",
            sha256: "69da5179ee403d10fa11bab6cfb4ffb0d23dba5f9b682fa977db772a1da5670f",
          },
          "linux/arm64": {
            name: "opa_linux_arm64_static",
            sha256: "431bed5a365578241ab06c7cc1c7d0cdff8c11dcbc6f12c3488590deb8b8d66d",
          },
          "darwin/amd64": {
            name: "opa_darwin_amd64",
            sha256: "e9b8d205db1aeaa6ec350855087b7d7fc014e7728b65cdf822464ee59e63f601",
          },
          "darwin/arm64": {
            name: "opa_darwin_arm64",
            sha256: "54e7008e696d39e8e4f96594e2b71bcbe45fd9a4f838102bcf1240638bf3fbe1",
          },
        },
      },
    },
  },
  kyverno: {
    version: "1.19.1",
    range: ">=1.19.1 <1.20.0",
    ask: ["version"],
    says: /^Version: v?(\d\S*)/m,
    release: {
      url: "https://github.com/kyverno/kyverno/releases/download/v{version}/{asset}",
      member: "kyverno",
    },
    build: {
      package: "/cmd/cli/kubectl-kyverno",
      ldflags: "-X {module}/pkg/version.BuildVersion=v{version}",
      takes: "about five minutes",
    },
    versions: {
      "1.19.1": {
        module: "github.com/kyverno/kyverno",
        sum: "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=",
        assets: {
          "linux/amd64": {
            name: "kyverno-cli_v1.19.1_linux_x86_64.tar.gz",
            sha256: "b38228f367fc0fdc2b08f4c83ea50ac5f16c60ff8d62d76a66157c33c47b70ae",
          },
          "linux/arm64": {
            name: "kyverno-cli_v1.19.1_linux_arm64.tar.gz",
            sha256: "d78fecd183e1e6749c653fdb744c88d065e6737ec6856c97c4efac84bec54554",
          },
          "darwin/amd64": {
            name: "kyverno-cli_v1.19.1_darwin_x86_64.tar.gz",
            sha256: "d9d7a857755ccd027cba8b2a5146a515c1590d65b38cb37a2170809329e4f393",
          },
          "darwin/arm64": {
            name: "kyverno-cli_v1.19.1_darwin_arm64.tar.gz",
            sha256: "2cf5febbedaafca5d3c7819925a49f9723bf4c3337a1327b6f72970480af385a",
          },
        },
      },
    },
  },
  gator: {
    version: "3.23.1",
    range: ">=3.23.1 <3.24.0",
    ask: ["--version"],
    says: /^gator version v?(\d[^\s+]*)/m,
    release: {
      url: "https://github.com/open-policy-agent/gatekeeper/releases/download/v{version}/{asset}",
      member: "gator",
    },
    build: {
      package: "/cmd/gator",
      ldflags: "-X {module}/pkg/version.Version=v{version}",
      takes: "about five minutes",
    },
    versions: {
      "3.23.1": {
        module: "github.com/open-policy-agent/gatekeeper/v3",
        sum: "h1:njHTm0SJ6ZEhhEgmQTpJKTGQbc99fSs4hGiEp1OIKck=",
        assets: {
          "linux/amd64": {
            name: "gator-v3.23.1-linux-amd64.tar.gz",
            sha256: "c268d7b809c9fe59a110ab0bf7c296ab00b0b6c894c209cd15e94194590291bb",
          },
          "linux/arm64": {
            name: "gator-v3.23.1-linux-arm64.tar.gz",
            sha256: "2d4bd0e28e708c2893a66fdca652f1d775b23fc5a3c07571fd314ba06d19ff2b",
          },
          "darwin/amd64": {
            name: "gator-v3.23.1-darwin-amd64.tar.gz",
            sha256: "4318b3ce4bc115ed861ff4a1df26ad1ddf3ae0c7907f20caac85affd400af39e",
          },
          "darwin/arm64": {
            name: "gator-v3.23.1-darwin-arm64.tar.gz",
            sha256: "dc96df4a0bad0427b36d2b10473801528ca5bdb00f2addb34d17bb7d706ed99b",
          },
        },
      },
    },
  },
  "kubectl-validate": {
    version: "0.0.4",
    range: ">=0.0.4 <0.1.0",
    ask: "build-info",
    says: /^(?:mod|dep)\tsigs\.k8s\.io\/kubectl-validate\tv?(\S+)/m,
    build: { package: "", ldflags: "", takes: "about four minutes" },
    versions: {
      // Its releases publish no checksums.
      "0.0.4": {
        module: "sigs.k8s.io/kubectl-validate",
        sum: "h1:tGKuv0awYHn11Cb6KPsZKxUmHgavF46K3NvVH0Nse9U=",
        assets: {},
      },
    },
  },
  gitleaks: {
    version: "8.30.1",
    range: ">=8.30.1 <8.31.0",
    ask: ["version"],
    says: /^v?(\d\S*)/,
    release: {
      url: "https://github.com/gitleaks/gitleaks/releases/download/v{version}/{asset}",
      member: "gitleaks",
    },
    build: {
      package: "",
      ldflags: "-X {module}/version.Version={version}",
      takes: "about half a minute",
    },
    versions: {
      "8.30.1": {
        module: "github.com/zricethezav/gitleaks/v8",
        sum: "h1:PmEvCfVI7ti9dV3s5aMZUY7sS2GxRvG3yzih7E+cS3w=",
        assets: {
          "linux/amd64": {
            name: "gitleaks_8.30.1_linux_x64.tar.gz",
            sha256: "551f6fc83ea457d62a0d98237cbad105af8d557003051f41f3e7ca7b3f2470eb",
          },
          "linux/arm64": {
            name: "gitleaks_8.30.1_linux_arm64.tar.gz",
            sha256: "e4a487ee7ccd7d3a7f7ec08657610aa3606637dab924210b3aee62570fb4b080",
          },
          "darwin/amd64": {
            name: "gitleaks_8.30.1_darwin_x64.tar.gz",
            sha256: "dfe101a4db2255fc85120ac7f3d25e4342c3c20cf749f2c20a18081af1952709",
          },
          "darwin/arm64": {
            name: "gitleaks_8.30.1_darwin_arm64.tar.gz",
            sha256: "b40ab0ae55c505963e365f271a8d3846efbc170aa17f2607f13df610a9aeb6a5",
          },
        },
      },
    },
  },
  gojq: {
    version: "0.12.18",
    range: ">=0.12.15 <0.13.0",
    ask: ["--version"],
    says: /^gojq (\d\S*)/,
    release: {
      url: "https://github.com/itchyny/gojq/releases/download/v{version}/{asset}",
      member: "gojq_v{version}_{os}_{arch}/gojq",
    },
    build: { package: "/cmd/gojq", ldflags: "", takes: "about 15 seconds" },
    versions: {
      // Its releases for macOS are .zip files, which we do not unpack: there it comes from PATH or its Go module.
      "0.12.18": {
        module: "github.com/itchyny/gojq",
        sum: "h1:gFGHyt/MLbG9n6dqnvlliiya2TaMMh6FFaR2b1H6Drc=",
        assets: {
          "linux/amd64": {
            name: "gojq_v0.12.18_linux_amd64.tar.gz",
            sha256: "7f00d3e5336749139199e650bcad89b93341b871f211a34e02fca79e59d5eb45",
          },
          "linux/arm64": {
            name: "gojq_v0.12.18_linux_arm64.tar.gz",
            sha256: "519601a973cc74621d0ee775a86cac791f45bb69a78bd1901aadd46701b4c571",
          },
        },
      },
    },
  },
  act: {
    version: "0.2.89",
    range: ">=0.2.87 <0.3.0",
    development: true,
    ask: ["--version"],
    says: /^act version (\d\S*)/,
    build: { package: "", ldflags: "-X main.version={version}", takes: "about 40 seconds" },
    versions: {
      "0.2.89": {
        module: "github.com/nektos/act",
        sum: "h1:d9oFeJ6jUkaVExuG+XzAaMPDqoDrNHaGeiRb8IU+N5w=",
        assets: {},
      },
    },
  },
  actionlint: {
    version: "1.7.12",
    range: ">=1.7.12 <1.8.0",
    development: true,
    ask: ["-version"],
    says: /^v?(\d\S*)/,
    build: {
      package: "/cmd/actionlint",
      ldflags: "-X github.com/rhysd/actionlint.version={version}",
      takes: "a few seconds",
    },
    versions: {
      "1.7.12": {
        module: "github.com/rhysd/actionlint",
        sum: "h1:vQ4GeJN86C0QH+gTUQcs8McmK62OLT3kmakPMtEWYnY=",
        assets: {},
      },
    },
  },
} satisfies Record<string, Pin>;

export type ToolName = keyof typeof pins;

export const toolNames = Object.keys(pins) as ToolName[];
