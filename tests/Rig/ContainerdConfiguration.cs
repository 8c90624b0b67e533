namespace CtrPS.Rig;

/// <summary>The private daemon's config.toml: everything it keeps lies in the rig's folder. Format version 3 exists from 2.0 on.</summary>
internal static class ContainerdConfiguration
{
    public static string For(Generation generation, string folder, RigOptions options)
    {
        var isTwo = generation == Generation.V2;
        string[] cri = isTwo
            ?
            [
                "io.containerd.grpc.v1.cri",
                "io.containerd.cri.v1.images",
                "io.containerd.cri.v1.runtime",
                "io.containerd.podsandbox.controller.v1.podsandbox",
            ]
            : ["io.containerd.grpc.v1.cri"];
        var network = isTwo ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri";

        // NRI listens on a fixed socket of the machine; nothing here uses it.
        string[] disabled = ["io.containerd.nri.v1.nri", .. options.Cri ? [] : cri];
        var criTable = options.Cri
            ? $"""

               [plugins."{network}".cni]
                 conf_dir = "{folder}/cni"
               """
            : "";
        return $"""
            version = {(isTwo ? 3 : 2)}
            root = "{folder}/root"
            state = "{folder}/state"
            disabled_plugins = [{string.Join(", ", disabled.Select(plugin => $"\"{plugin}\""))}]

            [grpc]
              address = "{folder}/{ContainerdRig.SocketName}"

            [debug]
              level = "info"

            [plugins."io.containerd.internal.v1.opt"]
              path = "{folder}/opt"
            {criTable}
            {options.ExtraConfiguration}

            """;
    }
}
