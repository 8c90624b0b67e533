namespace CtrPS.Rig;

/// <summary>The private daemon's config.toml: everything it keeps lies in the rig's folder. Format version 3 exists from 2.0 on.</summary>
internal static class ContainerdConfiguration
{
    // A threshold of 0 changes or deletions means never. After any deletion, one comes when as much time has passed as makes the pauses for all
    // collections this part of it: hours.
    private static readonly Dictionary<RigCollection, string> Collections = new()
    {
        [RigCollection.NowAndThen] = "",
        [RigCollection.AtOnce] = """
            [plugins."io.containerd.gc.v1.scheduler"]
              pause_threshold = 0.5
              deletion_threshold = 1
              mutation_threshold = 1
              schedule_delay = "0s"
              startup_delay = "1ms"
            """,
        [RigCollection.WhenAsked] = """
            [plugins."io.containerd.gc.v1.scheduler"]
              pause_threshold = 0.000000001
              deletion_threshold = 0
              mutation_threshold = 0
            """,
    };

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
            {Collections[options.Collection]}
            {options.ExtraConfiguration}

            """;
    }
}
