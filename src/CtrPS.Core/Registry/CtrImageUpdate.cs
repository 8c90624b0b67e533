namespace CtrPS;

/// <summary>How an image stands to its registry.</summary>
public enum CtrUpdateStatus : long
{
    /// <summary>The name stands for the same there.</summary>
    UpToDate,

    /// <summary>The name stands for something else there.</summary>
    Outdated,

    /// <summary>The registry has no such name, or the name is of no registry.</summary>
    NotFound,

    /// <summary>The registry could not be asked, or does not tell us.</summary>
    Unreachable,
}

/// <summary>What Test-CtrImage -Latest found out about an image.</summary>
public sealed class CtrImageUpdate : CtrObject
{
    internal CtrImageUpdate()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>How it stands to its registry.</summary>
    public CtrUpdateStatus Status { get; internal set; }

    /// <summary>The digest that the name stands for in the namespace.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The digest that it stands for at the registry. Null where that did not say.</summary>
    public string? LatestDigest { get; internal set; }

    /// <summary>The host that said so, as an address. Null: none did.</summary>
    public string? Host { get; internal set; }

    /// <summary>Why it is not known. Null: it is.</summary>
    public string? Reason { get; internal set; }

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Status}";
}
