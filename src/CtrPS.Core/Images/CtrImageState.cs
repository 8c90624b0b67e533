namespace CtrPS;

/// <summary>How much of an image is here, for one platform.</summary>
public enum CtrImageState : long
{
    /// <summary>Everything that the platform needs is here, and nothing is known against it.</summary>
    Complete,

    /// <summary>The manifest is here, its config or some of its layers are not.</summary>
    Incomplete,

    /// <summary>The manifest for the platform is not here, or cannot be read: what else the image needs is not known.</summary>
    Unavailable,

    /// <summary>A blob is here and is not what it should be. Only reading all bytes finds that in a layer.</summary>
    Corrupt,
}
