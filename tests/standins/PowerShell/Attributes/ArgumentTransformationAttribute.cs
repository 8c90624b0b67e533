namespace System.Management.Automation;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class ArgumentTransformationAttribute : Attribute
{
    public abstract object? Transform(EngineIntrinsics engineIntrinsics, object? inputData);
}

/// <summary>What attributes may ask of the engine. The module asks nothing of it.</summary>
public sealed class EngineIntrinsics
{
    internal EngineIntrinsics()
    {
    }
}
