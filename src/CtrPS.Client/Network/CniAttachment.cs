using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>A container at a network: what plugins are told of it.</summary>
internal sealed record CniAttachment
{
    /// <summary>The name of the interface, the same as ctr's.</summary>
    public const string DefaultInterface = "eth0";

    /// <summary>The id of the container for plugins; containerd's namespaces share the network, so theirs goes with it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The container in words, for messages.</summary>
    public required string Words { get; init; }

    /// <summary>The container's id in its namespace.</summary>
    public required string Target { get; init; }

    /// <summary>The interface in the container.</summary>
    public string Interface { get; init; } = DefaultInterface;

    /// <summary>Path of the network namespace. Empty: it is gone.</summary>
    public string NetworkNamespace { get; init; } = "";

    /// <summary>Arguments for all plugins, <c>NAME=value;NAME=value</c>.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>What is asked of plugins, by capability.</summary>
    public JsonObject Capabilities { get; init; } = [];

    /// <summary>The id of a container for plugins, as ctr forms it (cmd/ctr/commands/cni.go).</summary>
    public static string IdOf(string @namespace, string id) => $"{@namespace}-{id}";
}
