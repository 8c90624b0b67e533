namespace CtrPS.Rig.Registry;

/// <summary>A fault says that the connection ends here.</summary>
internal sealed class CutException(bool reset) : Exception("the connection is cut")
{
    public bool IsReset { get; } = reset;
}
