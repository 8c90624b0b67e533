namespace CtrPS.Client.Oci;

/// <summary>Names in a layer that say what of lower layers is not there any more (image-spec, layer.md).</summary>
internal static class Whiteouts
{
    /// <summary>Before the name of a file that is deleted.</summary>
    public const string Prefix = ".wh.";

    /// <summary>Begins aufs' own names, which are none of the image.</summary>
    public const string Reserved = ".wh..wh.";

    /// <summary>Of a folder: nothing that lower layers have in it is there.</summary>
    public const string Opaque = ".wh..wh..opq";
}
